"""アラートレベル調整: sliders with their effect at once, drafts and signatures, versions, opinions."""

from kodomo.ui import draft_state, parts, session, tuning_parts

user = session.require("tune_preview")
snapshot = session.snapshot()

parts.heading("アラートレベル調整", session.basis(snapshot))
draft_state.told()
tuning_parts.pending(user, snapshot)
tuning_parts.show(user, snapshot)
