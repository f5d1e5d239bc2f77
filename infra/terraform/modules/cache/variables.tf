variable "project" {
  type        = string
  description = "The project it is reached from."
}

variable "name" {
  type        = string
  description = "What the instance is called."
}

variable "region" {
  type        = string
  description = "Where it runs."
}

variable "network" {
  type        = string
  description = "The id of the network it is reached in."
}

variable "node_type" {
  type        = string
  description = "How large it is."
  default     = "SHARED_CORE_NANO"

  validation {
    condition     = contains(["SHARED_CORE_NANO", "STANDARD_SMALL", "HIGHMEM_MEDIUM", "HIGHMEM_XLARGE"], var.node_type)
    error_message = "Give SHARED_CORE_NANO, STANDARD_SMALL, HIGHMEM_MEDIUM or HIGHMEM_XLARGE."
  }
}

variable "replicas" {
  type        = number
  description = "How many copies stand by, 0 to 2."

  validation {
    condition     = var.replicas >= 0 && var.replicas <= 2
    error_message = "Give 0, 1 or 2."
  }
}

variable "protected" {
  type        = bool
  description = "Whether the instance is kept from being deleted."
}
