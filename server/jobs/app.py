"""The job queue's application: which jobs there are, on which database."""

from procrastinate import App, PsycopgConnector

from server.jobs import consolidation, enrichment, housekeeping, maintenance, outreach, stalled, tracking, warmth


def make_app(url: str) -> App:
    """The application on a database; `url` as psycopg takes it."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=6))
    consolidation.register(app)
    enrichment.register(app)
    housekeeping.register(app)
    maintenance.register(app)
    outreach.register(app)
    stalled.register(app)
    warmth.register(app)
    tracking.register(app)
    return app
