"""Every class and function that the package exports has an example in its docstring, and the example is true."""

import pytest
from support.examples import exported, run_examples

from cvae_lightning import world

EXPORTED = exported(world)


@pytest.mark.parametrize("name", EXPORTED)
def test_the_example_of_an_exported_name_is_true(name: str) -> None:
    assert run_examples(EXPORTED[name], name) > 0
