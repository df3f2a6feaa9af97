-- title: Flux of impermeable ground by cover, by commune
-- definition: a gain goes to the cover after, a loss to the cover before; net is the difference,
--   revealed the balance of ground whose status is unknown at the other date. The sums over all
--   codes are the fluxes of flux.csv.
-- source: article R.101-1 of the code de l'urbanisme; CNIG OCS GE nomenclature
-- unit: m² (computed in half square centimetres)
-- columns: series, commune, departement, year_before, year_after, cs, impermeabilised, desimpermeabilised, net, revealed
WITH moves AS (
  SELECT series, commune, departement, year_before, year_after, cs_after AS cs,
    area_half_cm2 AS gained, 0 AS lost, 0 AS revealed
  FROM ledger WHERE impermeable_before = false AND impermeable_after = true
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, cs_before AS cs,
    0 AS gained, area_half_cm2 AS lost, 0 AS revealed
  FROM ledger WHERE impermeable_before = true AND impermeable_after = false
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, cs_after AS cs,
    0 AS gained, 0 AS lost, area_half_cm2 AS revealed
  FROM ledger WHERE impermeable_before IS NULL AND impermeable_after = true
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, cs_before AS cs,
    0 AS gained, 0 AS lost, -area_half_cm2 AS revealed
  FROM ledger WHERE impermeable_before = true AND impermeable_after IS NULL
)
SELECT
  series, commune, departement, year_before, year_after, cs,
  SUM(gained) AS impermeabilised_half_cm2,
  SUM(lost) AS desimpermeabilised_half_cm2,
  SUM(gained) - SUM(lost) AS net_half_cm2,
  SUM(revealed) AS revealed_half_cm2
FROM moves
GROUP BY series, commune, departement, year_before, year_after, cs
ORDER BY series, departement, commune, year_before, year_after, cs
