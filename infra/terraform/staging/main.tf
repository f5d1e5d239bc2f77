# A small installation to try the next version on.

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
    prefix = "guildhall/staging"
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
  name             = "gh-staging"
  host             = var.host
  channel_hosts    = var.channel_hosts
  image            = var.image
  mail_from        = var.mail_from
  mail_to          = var.mail_to
  given            = var.given
  payments         = var.payments
  rotation         = var.rotation
  sign_up          = "invite"
  database_tier    = "db-f1-micro"
  database_disk_gb = 10
  backups          = 7
  standby          = false
  cache_node_type  = "SHARED_CORE_NANO"
  web_least        = 1
  web_most         = 2
  protected        = false
}
