"""One module per step; each reads one room and writes the next. The command line and Airflow call these."""
