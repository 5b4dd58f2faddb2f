"""How properties are tried in unit tests."""

from hypothesis import settings

# A busy machine is no broken promise: how long an example takes is measured by `kith bench`, not here.
settings.register_profile("kith", deadline=None)
settings.load_profile("kith")
