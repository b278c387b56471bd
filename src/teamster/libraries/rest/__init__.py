"""HTTP APIs: the resource, pagination, and the factory that makes an asset of an endpoint."""
