"""The console's areas: one file each, found by being here. `bot.console.page` says how one is written."""
