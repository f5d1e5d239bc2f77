# The way in: one address, TLS from 1.2, coarse limits, a cache of what may be cached, then the web processes.

locals {
  # Cloud Armor's limits are the coarse ones; the exact ones are the application's.
  requests_a_minute = 3000
  machines_only     = "request.path.matches('^/+(livez|readyz|metrics)/?$')"
}

resource "google_compute_global_address" "this" {
  name = var.name
}

resource "google_compute_region_network_endpoint_group" "web" {
  name                  = var.name
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = var.service
  }
}

resource "google_compute_security_policy" "limits" {
  name = var.name

  rule {
    priority    = 100
    action      = "deny(404)"
    description = "What is for machines of this installation."

    match {
      expr {
        expression = local.machines_only
      }
    }
  }

  rule {
    priority    = 1000
    action      = "throttle"
    description = "A flood from one address."

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = local.requests_a_minute
        interval_sec = 60
      }
    }
  }

  rule {
    priority    = 2147483647
    action      = "allow"
    description = "Everyone else."

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_backend_service" "web" {
  name                  = var.name
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.limits.id
  enable_cdn            = true

  backend {
    group = google_compute_region_network_endpoint_group.web.id
  }

  # The application says what may be kept, and for how long. Whoever is somebody is answered by it alone.
  cdn_policy {
    cache_mode        = "USE_ORIGIN_HEADERS"
    serve_while_stale = 60

    cache_key_policy {
      include_host         = true
      include_protocol     = true
      include_query_string = true
    }

    bypass_cache_on_request_headers {
      header_name = "Cookie"
    }

    bypass_cache_on_request_headers {
      header_name = "Authorization"
    }
  }

  log_config {
    enable      = true
    sample_rate = 0.1
  }
}

resource "google_compute_url_map" "web" {
  name            = var.name
  default_service = google_compute_backend_service.web.id
}

resource "google_compute_url_map" "redirect" {
  name = "${var.name}-redirect"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

resource "google_certificate_manager_certificate" "host" {
  for_each = var.hosts
  name     = "${var.name}-${replace(each.value, ".", "-")}"

  managed {
    domains = [each.value]
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  name = var.name
}

resource "google_certificate_manager_certificate_map_entry" "host" {
  for_each     = var.hosts
  name         = "${var.name}-${replace(each.value, ".", "-")}"
  map          = google_certificate_manager_certificate_map.this.name
  hostname     = each.value
  certificates = [google_certificate_manager_certificate.host[each.value].id]
}

resource "google_compute_ssl_policy" "modern" {
  name            = var.name
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "web" {
  name            = var.name
  url_map         = google_compute_url_map.web.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.this.id}"
  ssl_policy      = google_compute_ssl_policy.modern.id
}

resource "google_compute_target_http_proxy" "redirect" {
  name    = "${var.name}-redirect"
  url_map = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = var.name
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  target                = google_compute_target_https_proxy.web.id
}

resource "google_compute_global_forwarding_rule" "http" {
  name                  = "${var.name}-redirect"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect.id
}
