"""The frame: serves the dashboard with security headers and Japanese as the page language.

`streamlit run app.py` starts it. The router is kodomo/ui/main.py; no page runs without it.
"""

import streamlit as st

from kodomo.ui.frame import fix_timezone, middleware, on_script_error

fix_timezone()
app = st.App("kodomo/ui/main.py", middleware=middleware(), on_script_error=on_script_error)
