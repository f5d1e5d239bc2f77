"""What stands around the processes: rules, dashboards, images and the cloud, held against the code."""
