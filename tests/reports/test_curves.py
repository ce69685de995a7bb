"""A run's curves show what was measured, and nothing between two measurements that was not so."""

from cvae_lightning.reports.curves import PANELS, draw_curves

ROWS = [
    {"step": str(step), "train/kl_weight": str(step / 100), "val/kl_weight": "", "val/consistency/all": ""}
    for step in range(10)
]
ROWS += [
    {"step": str(step), "val/kl_weight": str(step / 100), "val/consistency/all": "0.5", "train/kl_weight": ""}
    for step in (5, 10)
]


def test_consistency_is_among_the_curves() -> None:
    panels = {axes.get_title(): axes for axes in draw_curves(ROWS).axes}
    assert list(panels) == list(PANELS)
    (line,) = panels["consistency"].lines
    assert line.get_xydata().tolist() == [[5, 0.5], [10, 0.5]]
    assert line.get_label() == "samples"
    assert panels["mse"].texts[0].get_text() == "not measured"


def test_the_kl_weight_has_no_line_between_validations() -> None:
    panels = {axes.get_title(): axes for axes in draw_curves(ROWS).axes}
    styles = {line.get_label(): line.get_linestyle() for line in panels["kl_weight"].lines}
    assert styles == {"train": "-", "val": "None"}
