"""Build hook."""
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Build(BuildHookInterface):
    def initialize(self, version, build_data):
        pass
