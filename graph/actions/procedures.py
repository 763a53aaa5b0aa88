"""The actions that there are, by their names in the schema."""

from __future__ import annotations

from graph.actions.procedure import Procedure
from graph.actions.restart_deployment import RESTART_DEPLOYMENT
from graph.actions.scale_deployment import SCALE_DEPLOYMENT
from graph.actions.start_cronjob import START_CRONJOB
from graph.actions.stop_cronjob import STOP_CRONJOB
from graph.actions.trigger_cronjob import TRIGGER_CRONJOB

PROCEDURES: dict[str, Procedure] = {
    procedure.name: procedure
    for procedure in (STOP_CRONJOB, START_CRONJOB, TRIGGER_CRONJOB, RESTART_DEPLOYMENT, SCALE_DEPLOYMENT)
}
