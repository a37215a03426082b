"""What tests ask the node."""

JSON = {"accept": "application/json", "content-type": "application/json"}


def fields(client, stream):
    """Type of every mapped field of the newest backing index, by its dotted name."""
    newest = max(client.indices.get_mapping(index=stream).body.items())[1]["mappings"]

    def walk(properties, path):
        for name, field in properties.items():
            if "properties" in field:
                yield from walk(field["properties"], f"{path}{name}.")
            if field.get("type", "object") != "object":
                yield f"{path}{name}", field["type"]

    return dict(walk(newest["properties"], ""))


def having(client, stream, field):
    """How many events have a value in the field."""
    return client.count(index=stream, query={"exists": {"field": field}})["count"]
