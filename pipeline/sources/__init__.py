"""One module per public source; each turns the source's own files into lake positions and static reports."""
