output "network" {
  description = "The id of the network, once private services can be reached in it."
  value       = google_compute_network.this.id
  depends_on  = [google_service_networking_connection.services, google_network_connectivity_service_connection_policy.cache]
}

output "subnetwork" {
  description = "The id of the roles' part of it."
  value       = google_compute_subnetwork.this.id
}
