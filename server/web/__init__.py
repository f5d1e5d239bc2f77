"""What people see: templates, their views, and the front end they wear."""
