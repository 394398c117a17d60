"""The suite; the garbage collector rests until its thousands of tests are there (`pytest_collection_finish`)."""

import gc

gc.disable()
