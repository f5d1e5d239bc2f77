variable "name" {
  type        = string
  description = "What the network is called."
}

variable "region" {
  type        = string
  description = "Where its addresses are."
}

variable "range" {
  type        = string
  description = "Addresses of the roles, as a CIDR of /24 or wider: each instance takes two."

  validation {
    condition     = can(cidrnetmask(var.range)) && tonumber(split("/", var.range)[1]) <= 24
    error_message = "Give an IPv4 range of /24 or wider, such as 10.20.0.0/22."
  }
}
