variable "name" {
  type        = string
  description = "What the secret is called."
}
