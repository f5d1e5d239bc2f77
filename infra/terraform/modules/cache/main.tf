# Valkey: keeps what it is given (noeviction, append-only file), encrypted on the way. Nothing is lost when it is emptied.

resource "google_memorystore_instance" "this" {
  instance_id                 = var.name
  location                    = var.region
  engine_version              = "VALKEY_8_0"
  mode                        = "CLUSTER_DISABLED"
  shard_count                 = 1
  replica_count               = var.replicas
  node_type                   = var.node_type
  transit_encryption_mode     = "SERVER_AUTHENTICATION"
  authorization_mode          = "AUTH_DISABLED" # tokens of IAM last an hour; only this network reaches it
  deletion_protection_enabled = var.protected

  engine_configs = {
    maxmemory-policy = "noeviction"
  }

  persistence_config {
    mode = "AOF"

    aof_config {
      append_fsync = "EVERY_SEC"
    }
  }

  desired_auto_created_endpoints {
    network    = var.network
    project_id = var.project
  }
}
