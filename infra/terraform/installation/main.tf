# One installation of Guildhall: a web service, a pool of workers for each queue, the steward, and what they stand on.

locals {
  apis = toset([
    "artifactregistry", "certificatemanager", "compute", "iamcredentials", "logging", "memorystore", "monitoring",
    "networkconnectivity", "run", "secretmanager", "servicenetworking", "sqladmin", "storage",
  ])
  # Who works with files: reads, writes, signs addresses. Search and migration do not.
  files = toset(["web", "render", "media", "default", "steward"])
}

resource "google_project_service" "needed" {
  for_each           = local.apis
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

module "network" {
  source = "../modules/network"
  name   = var.name
  region = var.region
  range  = var.range

  depends_on = [google_project_service.needed]
}

module "database" {
  source           = "../modules/database"
  name             = var.name
  region           = var.region
  network          = module.network.network
  database_version = var.database_version
  tier             = var.database_tier
  disk_gb          = var.database_disk_gb
  standby          = var.standby
  backups          = var.backups
  protected        = var.protected
  owner_password   = ephemeral.random_password.database["guildhall_owner"].result
  rotation         = var.rotation
}

module "cache" {
  source    = "../modules/cache"
  project   = var.project
  name      = var.name
  region    = var.region
  network   = module.network.network
  node_type = var.cache_node_type
  replicas  = var.standby ? 1 : 0
  protected = var.protected
}

module "storage" {
  source    = "../modules/storage"
  name      = "${var.project}-${var.name}-files"
  region    = var.region
  origins   = [for host in setunion([var.host], var.channel_hosts) : "https://${host}"]
  protected = var.protected

  depends_on = [google_project_service.needed]
}

module "registry" {
  source = "../modules/registry"
  name   = var.name
  region = var.region

  depends_on = [google_project_service.needed]
}

module "account" {
  source   = "../modules/account"
  for_each = local.roles
  name     = "${var.name}-${each.key}"
  role     = each.key
  secrets  = merge(local.read[each.key], { authority = module.authority.id })
  bucket   = module.storage.bucket
  files    = contains(local.files, each.key)
}

module "migrate" {
  source     = "../modules/job"
  name       = "${var.name}-migrate"
  region     = var.region
  image      = var.image
  arguments  = ["migrate"]
  account    = module.account["migrate"].email
  network    = module.network.network
  subnetwork = module.network.subnetwork
  settings   = local.open_to["migrate"]
  secrets    = local.secret_of["migrate"]
  authority  = module.authority.id
  protected  = var.protected

  depends_on = [
    google_secret_manager_secret_version.key, google_secret_manager_secret_version.database,
    google_secret_manager_secret_version.redis, google_secret_manager_secret_version.authority,
  ]
}

module "web" {
  source     = "../modules/web"
  name       = "${var.name}-web"
  region     = var.region
  image      = var.image
  account    = module.account["web"].email
  network    = module.network.network
  subnetwork = module.network.subnetwork
  settings   = local.open_to["web"]
  secrets    = local.secret_of["web"]
  authority  = module.authority.id
  least      = var.web_least
  most       = var.web_most
  protected  = var.protected

  depends_on = [
    google_secret_manager_secret_version.key, google_secret_manager_secret_version.database,
    google_secret_manager_secret_version.redis, google_secret_manager_secret_version.authority,
    google_secret_manager_secret_version.metrics,
  ]
}

module "pool" {
  source     = "../modules/pool"
  for_each   = setunion(local.workers, ["steward"])
  name       = "${var.name}-${each.key}"
  region     = var.region
  image      = var.image
  arguments  = each.key == "steward" ? ["steward"] : ["worker", each.key]
  account    = module.account[each.key].email
  network    = module.network.network
  subnetwork = module.network.subnetwork
  settings   = local.open_to[each.key]
  secrets    = local.secret_of[each.key]
  authority  = module.authority.id
  instances  = lookup(var.workers, each.key, 1)
  memory     = contains(["render", "media"], each.key) ? "2Gi" : "1Gi"
  protected  = var.protected

  depends_on = [
    google_secret_manager_secret_version.key, google_secret_manager_secret_version.database,
    google_secret_manager_secret_version.redis, google_secret_manager_secret_version.authority,
  ]
}

module "balancer" {
  source  = "../modules/balancer"
  name    = var.name
  region  = var.region
  service = module.web.service
  hosts   = setunion([var.host], var.channel_hosts)
}

module "monitoring" {
  source   = "../modules/monitoring"
  project  = var.project
  name     = var.name
  host     = var.host
  service  = module.web.service
  database = module.database.instance
  cache    = module.cache.instance
  mail_to  = var.mail_to
}
