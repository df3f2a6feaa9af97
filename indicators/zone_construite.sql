-- title: Artificialisation inside, in extension of, and outside the zone construite, by commune
-- definition: inside was in the zone construite before; in extension entered it between the dates;
--   outside is in it at neither date; unknown where a vintage has no zone construite.
-- source: CNIG OCS GE (ZONE_CONSTRUITE); article R.101-1 of the code de l'urbanisme
-- unit: m² (computed in half square centimetres)
-- columns: series, commune, departement, year_before, year_after, zone, artificialised,
--   desartificialised, net
WITH placed AS (
  SELECT
    series, commune, departement, year_before, year_after, area_half_cm2,
    final_before, final_after,
    CASE
      WHEN zc_before = true THEN 'inside'
      WHEN zc_before = false AND zc_after = true THEN 'extension'
      WHEN zc_before = false AND zc_after = false THEN 'outside'
      ELSE 'unknown'
    END AS zone
  FROM ledger
  WHERE (final_before = false AND final_after = true)
     OR (final_before = true AND final_after = false)
)
SELECT
  series, commune, departement, year_before, year_after, zone,
  SUM(CASE WHEN final_after = true THEN area_half_cm2 ELSE 0 END) AS artificialised_half_cm2,
  SUM(CASE WHEN final_after = false THEN area_half_cm2 ELSE 0 END) AS desartificialised_half_cm2,
  SUM(CASE WHEN final_after = true THEN area_half_cm2 ELSE -area_half_cm2 END) AS net_half_cm2
FROM placed
GROUP BY series, commune, departement, year_before, year_after, zone
ORDER BY series, departement, commune, year_before, year_after, zone
