//! The root package only carries `tests/`: the workspace judged from outside.
