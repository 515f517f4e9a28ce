"""The Python half of the views: state, pictures without a browser, and a live view in Jupyter."""
