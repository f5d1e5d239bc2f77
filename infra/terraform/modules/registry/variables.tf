variable "name" {
  type        = string
  description = "What the repository is called."
}

variable "region" {
  type        = string
  description = "Where it is."
}
