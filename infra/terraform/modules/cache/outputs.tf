output "address" {
  description = "host:port of the writable end."
  value       = "${google_memorystore_instance.this.endpoints[0].connections[0].psc_auto_connection[0].ip_address}:6379"
}

output "authority" {
  description = "The certificates that its own is signed by, PEM."
  value       = join("\n", flatten(google_memorystore_instance.this.managed_server_ca[*].ca_certs[*].certificates))
}

output "instance" {
  description = "The name, as figures are labelled."
  value       = google_memorystore_instance.this.instance_id
}
