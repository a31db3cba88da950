"""Where the report is questioned: the notebooks' controls, the prompt, and what to run first."""
