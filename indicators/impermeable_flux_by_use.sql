-- titre: Flux d'imperméabilisation par usage
-- title: Flux of impermeable ground by use
-- définition: comme les flux d'artificialisation par usage, pour les sols imperméables.
-- definition: a gain goes to the use after, a loss to the use before; net is the difference,
--   revealed the balance of ground whose status is unknown at the other date; reclassified is
--   the balance of ground that kept its status and came from, or went to, another code. For
--   every code, stock after − stock before = net + revealed + reclassified; over all codes, the
--   reclassified sum to zero and the others to flux.csv.
-- source: article R.101-1 of the code de l'urbanisme; CNIG OCS GE nomenclature
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year_before, year_after, us, impermeabilised_m2,
--   desimpermeabilised_m2, net_m2, revealed_m2, reclassified_m2
WITH moves AS (
  SELECT series, commune, departement, year_before, year_after, us_after AS us,
    area_half_cm2 AS gained, 0 AS lost, 0 AS revealed, 0 AS reclassified
  FROM ledger WHERE impermeable_before = false AND impermeable_after = true
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, us_before AS us,
    0 AS gained, area_half_cm2 AS lost, 0 AS revealed, 0 AS reclassified
  FROM ledger WHERE impermeable_before = true AND impermeable_after = false
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, us_after AS us,
    0 AS gained, 0 AS lost, area_half_cm2 AS revealed, 0 AS reclassified
  FROM ledger WHERE impermeable_before IS NULL AND impermeable_after = true
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, us_before AS us,
    0 AS gained, 0 AS lost, -area_half_cm2 AS revealed, 0 AS reclassified
  FROM ledger WHERE impermeable_before = true AND impermeable_after IS NULL
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, us_after AS us,
    0 AS gained, 0 AS lost, 0 AS revealed, area_half_cm2 AS reclassified
  FROM ledger WHERE impermeable_before = true AND impermeable_after = true AND us_before <> us_after
  UNION ALL
  SELECT series, commune, departement, year_before, year_after, us_before AS us,
    0 AS gained, 0 AS lost, 0 AS revealed, -area_half_cm2 AS reclassified
  FROM ledger WHERE impermeable_before = true AND impermeable_after = true AND us_before <> us_after
)
SELECT
  series, commune, departement, year_before, year_after, us,
  SUM(gained) AS impermeabilised_half_cm2,
  SUM(lost) AS desimpermeabilised_half_cm2,
  SUM(gained) - SUM(lost) AS net_half_cm2,
  SUM(revealed) AS revealed_half_cm2,
  SUM(reclassified) AS reclassified_half_cm2
FROM moves
GROUP BY series, commune, departement, year_before, year_after, us
ORDER BY series, departement, commune, year_before, year_after, us
