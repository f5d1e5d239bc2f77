# What somebody is called for: the way in from outside, the answers, the jobs, and what all of it stands on.

resource "google_monitoring_notification_channel" "mail" {
  for_each     = var.mail_to
  display_name = each.value
  type         = "email"

  labels = {
    email_address = each.value
  }
}

resource "google_monitoring_uptime_check_config" "page" {
  for_each     = { home = "/", verify = "/verify" }
  display_name = "${var.name} ${each.key}"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = each.value
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = var.host
    }
  }
}

resource "google_logging_metric" "jobs_failed" {
  name        = "${var.name}-jobs-failed"
  description = "Jobs that were given up."
  filter      = "resource.type=\"cloud_run_worker_pool\" AND jsonPayload.event=(\"job failed\" OR \"job given up\")"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}

locals {
  run     = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${var.service}\""
  sql     = "resource.type=\"cloudsql_database\" AND resource.labels.database_id=\"${var.database}\""
  valkey  = "resource.type=\"memorystore.googleapis.com/Instance\" AND resource.labels.instance_id=\"${var.cache}\""
  request = "metric.type=\"run.googleapis.com/request_count\" AND ${local.run}"

  # Each: what is measured, how it is drawn together, what is too much, for how long, and the cure.
  limits = {
    "errors of ours" = {
      filter = "${local.request} AND metric.labels.response_code_class=\"5xx\""
      align  = "ALIGN_RATE"
      reduce = "REDUCE_SUM"
      above  = 0.1
      lasts  = "300s"
      cure   = "Find the request ids in the log. 503 says that something we lean on is away."
    }
    "jobs given up" = {
      filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.jobs_failed.name}\" AND resource.type=\"cloud_run_worker_pool\""
      align  = "ALIGN_DELTA"
      reduce = "REDUCE_SUM"
      above  = 0
      lasts  = "0s"
      cure   = "guildhall jobs shows why, and runs them again."
    }
    "the database is busy" = {
      filter = "metric.type=\"cloudsql.googleapis.com/database/cpu/utilization\" AND ${local.sql}"
      align  = "ALIGN_MEAN"
      reduce = "REDUCE_MAX"
      above  = 0.85
      lasts  = "900s"
      cure   = "See the slowest statements in Query Insights; then a larger tier."
    }
    "the database's disk fills" = {
      filter = "metric.type=\"cloudsql.googleapis.com/database/disk/utilization\" AND ${local.sql}"
      align  = "ALIGN_MEAN"
      reduce = "REDUCE_MAX"
      above  = 0.9
      lasts  = "900s"
      cure   = "It grows by itself; if it does not, see the quota of the project."
    }
    "the cache fills" = {
      filter = "metric.type=\"memorystore.googleapis.com/instance/memory/maximum_utilization\" AND ${local.valkey}"
      align  = "ALIGN_MEAN"
      reduce = "REDUCE_MAX"
      above  = 0.85
      lasts  = "600s"
      cure   = "It keeps what it is given and refuses what does not fit: choose a larger node type."
    }
  }
}

resource "google_monitoring_alert_policy" "limit" {
  for_each     = local.limits
  display_name = "${var.name}: ${each.key}"
  combiner     = "OR"

  conditions {
    display_name = each.key

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.lasts

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.align
        cross_series_reducer = each.value.reduce
      }
    }
  }

  documentation {
    content = each.value.cure
  }

  notification_channels = [for each in google_monitoring_notification_channel.mail : each.id]
}

resource "google_monitoring_alert_policy" "away" {
  for_each     = google_monitoring_uptime_check_config.page
  display_name = "${var.name}: ${each.key} cannot be reached"
  combiner     = "OR"

  conditions {
    display_name = "from most places of the world"

    condition_threshold {
      filter          = "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND resource.type=\"uptime_url\" AND metric.labels.check_id=\"${each.value.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 2
      duration        = "120s"

      aggregations {
        alignment_period     = "120s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    content = "See whether the web processes run, and whether certificate and DNS record of the host are in order."
  }

  notification_channels = [for each in google_monitoring_notification_channel.mail : each.id]
}
