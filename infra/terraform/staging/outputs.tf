output "address" {
  description = "The IPv4 address that the hosts' DNS records must show."
  value       = module.guildhall.address
}

output "registry" {
  description = "What image names begin with."
  value       = module.guildhall.registry
}

output "migrate" {
  description = "The job to execute before a new version serves."
  value       = module.guildhall.migrate
}
