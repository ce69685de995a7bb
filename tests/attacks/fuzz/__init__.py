"""Every reader of a file, given damaged and foreign content: one paragraph, soon, and nothing is executed.

The gate tries a few hundred. ``make fuzz`` tries thousands: see ``campaign.py``.
"""
