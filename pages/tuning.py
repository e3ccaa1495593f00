"""アラートレベル調整: thresholds by slider, with their effect at once, kept as versions."""

from kodomo.ui import parts, session, tuning_view

user = session.require("tune_preview")
snapshot = session.snapshot()
base = tuning_view.table()

parts.heading("アラートレベル調整", session.basis(snapshot))
tuning_view.told()
tuning_view.pending(user, snapshot, base)
tuning_view.workbench(user, snapshot, base)
tuning_view.versions(user, base)
