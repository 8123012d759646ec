"""What a run refuses about its data that has no test elsewhere."""
import sqlite3

import pytest

import data_tool as tool


@pytest.mark.parametrize("change, code, says", [
    ("PRAGMA user_version = 9999", 2, "schema 9999"),
    ("PRAGMA application_id = 1", 6, "not a keel store"),
])
def test_a_store_of_another_schema_fails_the_run(tmp_path, change, code, says):
    """[T-197] A store that this keel does not know is refused before anything runs, and left as it is."""
    store = tmp_path / "s"
    words = ("backtest", "run", "--store", store, "--strategy", "momentum", "--symbols", "BTCUSDT", "--timeframe", "1h")
    tool.keel("data", "synth", "--store", store, "--symbols", "BTCUSDT", "--interval", "1h", "--days", 20, "--seed", 1)
    tool.keel(*words)
    db = sqlite3.connect(store / "store.db")
    db.execute(change)
    db.commit()
    db.close()
    before = (store / "store.db").read_bytes()
    assert says in tool.refused(*words, code=code)
    assert (store / "store.db").read_bytes() == before
