{{ teamster.union_regions("iready") }}
