# The installation that people use.

terraform {
  required_version = "~> 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }

  # The bucket is named at `terraform init -backend-config="bucket=…"`: it must be there before anything else is.
  backend "gcs" {
    prefix = "guildhall/production"
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

module "guildhall" {
  source = "../installation"

  project          = var.project
  region           = var.region
  name             = "guildhall"
  host             = var.host
  channel_hosts    = var.channel_hosts
  image            = var.image
  mail_from        = var.mail_from
  mail_to          = var.mail_to
  given            = var.given
  payments         = var.payments
  rotation         = var.rotation
  sign_up          = var.sign_up
  database_tier    = "db-custom-2-7680"
  database_disk_gb = 50
  backups          = 30
  standby          = true
  cache_node_type  = "STANDARD_SMALL"
  web_least        = 2
  web_most         = 20
  workers          = var.workers
  protected        = true
}
