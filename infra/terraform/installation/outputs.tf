output "address" {
  description = "The IPv4 address that the hosts' DNS records must show."
  value       = module.balancer.address
}

output "registry" {
  description = "What image names begin with."
  value       = module.registry.address
}

output "migrate" {
  description = "The job to execute before a new version serves."
  value       = module.migrate.job
}
