# Every setting of Guildhall has its home here: in the open, as a secret, or in the test's list of those left alone.

locals {
  workers = toset(["render", "media", "index", "webhooks", "default"])
  serving = setunion(["web", "steward"], local.workers)
  roles   = setunion(local.serving, ["migrate"])

  # In the open, the same for every role.
  settings = {
    BASE_URL             = "https://${var.host}"
    BIND                 = "0.0.0.0"
    GUILDHALL_HOME       = "/var/lib/guildhall"
    STORAGE              = "gcs:${module.storage.bucket}"
    MAIL_FROM            = var.mail_from
    SIGN_UP              = var.sign_up
    TRUSTED_PROXIES      = "2" # the balancer names the sender, then itself
    ACCESS_TOKEN_SECONDS = tostring(var.access_token_seconds)
    REFRESH_TOKEN_DAYS   = tostring(var.refresh_token_days)
    RECORDING_HOSTS      = join(",", var.recording_hosts)
    WEBHOOK_HOSTS        = join(",", var.webhook_hosts)
    CHROMIUM             = "/usr/bin/chromium-headless-shell" # named, so that it runs where no namespaces can be made
    LOG_FORMAT           = "json"
  }

  # In the open, for the roles that take money: the same that read the secrets of it.
  money = {
    PAYMENTS        = var.payments
    STRIPE_API_BASE = var.stripe_api_base
  }
  cashiers = toset(["web", "default"])

  # Secrets, and the roles that read each. The database's owner and its reader of everything are for `migrate` alone.
  secrets = {
    SECRET_KEY            = local.roles
    DATABASE_URL          = toset(["migrate"])
    DATABASE_URL_APP      = local.roles
    DATABASE_URL_RELAY    = local.roles
    DATABASE_URL_BACKUP   = toset(["migrate"])
    REDIS_URL             = local.roles
    METRICS_TOKEN         = toset(["web"])
    MAIL                  = toset(["web", "default"])
    STRIPE_SECRET_KEY     = local.cashiers
    STRIPE_WEBHOOK_SECRET = local.cashiers
    ELASTICSEARCH_URL     = toset(["web", "index", "migrate"])
    SENTRY_DSN            = local.serving
  }

  # Written here; the others by an operator, who then names them in `given`.
  generated = toset([
    "SECRET_KEY", "DATABASE_URL", "DATABASE_URL_APP", "DATABASE_URL_RELAY", "DATABASE_URL_BACKUP", "REDIS_URL",
    "METRICS_TOKEN",
  ])

  # What each role reads, by the name it reads it under.
  read = {
    for role in local.roles : role => {
      for name, readers in local.secrets : name => module.secret[name].id
      if contains(readers, role) && (contains(local.generated, name) || contains(var.given, name))
    }
  }

  # Where there is no owner's address the application's stands for it: it says that the database is not embedded.
  secret_of = {
    for role in local.roles : role => merge({ DATABASE_URL = module.secret["DATABASE_URL_APP"].id }, local.read[role])
  }
  open_to = {
    for role in local.roles : role => merge(local.settings, contains(local.cashiers, role) ? local.money : {})
  }
}

# Values that are in no state and in no plan: they go to Google once, and again when `rotation` is raised.
ephemeral "random_password" "database" {
  for_each = toset(["guildhall_owner", "guildhall_app", "guildhall_relay", "guildhall_backup"])
  length   = 40
  special  = false
}

ephemeral "random_password" "key" {
  length  = 64
  special = false
}

ephemeral "random_password" "metrics" {
  length  = 40
  special = false
}

module "secret" {
  source   = "../modules/secret"
  for_each = local.secrets
  name     = "${var.name}-${lower(replace(each.key, "_", "-"))}"

  depends_on = [google_project_service.needed]
}

# Sealed secrets rest on this key: it is written once, and `rotation` leaves it alone.
resource "google_secret_manager_secret_version" "key" {
  secret                 = module.secret["SECRET_KEY"].id
  secret_data_wo         = ephemeral.random_password.key.result
  secret_data_wo_version = 1

  lifecycle {
    prevent_destroy = true
  }
}

resource "google_secret_manager_secret_version" "database" {
  for_each = {
    DATABASE_URL        = "guildhall_owner"
    DATABASE_URL_APP    = "guildhall_app"
    DATABASE_URL_RELAY  = "guildhall_relay"
    DATABASE_URL_BACKUP = "guildhall_backup"
  }
  secret                 = module.secret[each.key].id
  secret_data_wo         = "postgresql://${each.value}:${ephemeral.random_password.database[each.value].result}@${module.database.address}"
  secret_data_wo_version = var.rotation
}

resource "google_secret_manager_secret_version" "metrics" {
  secret                 = module.secret["METRICS_TOKEN"].id
  secret_data_wo         = ephemeral.random_password.metrics.result
  secret_data_wo_version = var.rotation
}

resource "google_secret_manager_secret_version" "redis" {
  secret = module.secret["REDIS_URL"].id
  # The authority signs for this one instance only, so that its name has nothing to add.
  secret_data = "rediss://${module.cache.address}?ssl_ca_certs=/etc/guildhall/redis/ca.pem&ssl_check_hostname=false"
}

module "authority" {
  source = "../modules/secret"
  name   = "${var.name}-redis-authority"

  depends_on = [google_project_service.needed]
}

resource "google_secret_manager_secret_version" "authority" {
  secret      = module.authority.id
  secret_data = module.cache.authority
}
