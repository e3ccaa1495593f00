"""The screens' shared parts: the only place, beside pages/, that knows Streamlit."""
