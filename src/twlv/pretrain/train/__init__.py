"""How an objective is trained on data: optimisers, schedules, checkpoints, monitors, several processes.

``config`` and ``recipe`` the settings; ``loop`` one run, from a recipe to an exported backbone; ``run`` what a
run leaves in its folder. Nothing here knows which targets an objective has, or where clips come from.
"""
