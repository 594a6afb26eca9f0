"""Pictures of typed data: leaderboards, letters, certificates, calendars, word clouds, report cards.

`studio.Studio(templates).draw(name, data)` gives the PNG; `drawer.Drawer` does it in a worker process and keeps what it
drew. Layout is pure: the same data, template and fonts give the same bytes. Nothing here reads the store or knows a chat.
"""
