output "address" {
  description = "host:port/name of the database, to be put after the user in a URL."
  value       = "${google_sql_database_instance.this.private_ip_address}:5432/${google_sql_database.guildhall.name}?sslmode=require"
}

output "instance" {
  description = "project:name, as figures are labelled."
  value       = "${google_sql_database_instance.this.project}:${google_sql_database_instance.this.name}"
}
