"""GraphiQL in a real browser, under its policy, without a network."""

from __future__ import annotations

from graph.model.status import State
from tests.api.server import until
from tests.api.world import World, key, resource, transition
from tests.web.browser import Graphiql

TABS = ["Services", "ServicePage", "WhatFailsAndWhy", "LiveTransitions", "StopCronjob"]


async def test_a_query_is_answered(graphiql: Graphiql) -> None:
    await graphiql.run()
    await graphiql.shows('"report"')


async def test_the_tabs_are_ready_to_be_run(graphiql: Graphiql, world: World) -> None:
    world.put(resource(key("SERVICE", "checkout")))
    assert await graphiql.tabs.all_inner_texts() == TABS
    await graphiql.choose("ServicePage")
    await graphiql.run()
    await graphiql.shows('"source"')
    await graphiql.choose("WhatFailsAndWhy")
    await graphiql.run()
    await graphiql.shows('"PodsFailing"')


async def test_transitions_arrive_live(graphiql: Graphiql, world: World) -> None:
    await graphiql.choose("LiveTransitions")
    await graphiql.run()
    await graphiql.shows('"StreamStart"')
    world.tell(transition(key("POD", "web-2"), State.HEALTHY, State.FAILED))
    await graphiql.shows('"WasFailed"')
    await graphiql.run()  # the button ends it
    await until(lambda: len(world.hub) == 0)


async def test_a_cronjob_is_stopped_by_an_id_from_the_same_tab(graphiql: Graphiql, world: World) -> None:
    await graphiql.choose("StopCronjob")
    await graphiql.run("Cronjobs")
    await graphiql.shows('"nightly"')
    await graphiql.run("StopCronjob")
    await graphiql.shows("NotFoundError")
    assert world.desk.asked == {}


async def test_the_documentation_opens(graphiql: Graphiql) -> None:
    await graphiql.page.get_by_role("button", name="Show Documentation Explorer").click()
    await graphiql.page.get_by_role("link", name="Query").click()
    await graphiql.page.get_by_text("Services, by namespace and name").wait_for()


async def test_tabs_are_left_as_they_were(graphiql: Graphiql) -> None:
    await graphiql.page.get_by_role("button", name="Close Tab").first.click()
    await graphiql.saved(TABS[1:])
    await graphiql.page.reload()
    await graphiql.tabs.first.wait_for()
    assert await graphiql.tabs.all_inner_texts() == TABS[1:]
