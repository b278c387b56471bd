{{ teamster.union_regions("collegeboard") }}
