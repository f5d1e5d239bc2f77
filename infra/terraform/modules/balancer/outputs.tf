output "address" {
  description = "The IPv4 address that the hosts' DNS records must show."
  value       = google_compute_global_address.this.address
}
