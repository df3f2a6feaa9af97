-- titre: Artificialisation dans, en extension et hors de la zone construite
-- title: Artificialisation inside, in extension of, and outside the zone construite
-- définition: inside était dans la zone construite avant (densification) ; extension y entre
--   entre les deux dates ; outside n'y est à aucune ; unknown quand un millésime n'a pas de
--   zone construite.
-- definition: inside was in the zone construite before; in extension entered it between the
--   dates; outside is in it at neither date; unknown where a vintage has no zone construite.
-- source: CNIG OCS GE (ZONE_CONSTRUITE); article R.101-1 of the code de l'urbanisme
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year_before, year_after, zone, artificialised_m2,
--   desartificialised_m2, net_m2
WITH zones AS (
  SELECT 'extension' AS zone UNION ALL SELECT 'inside' AS zone
  UNION ALL SELECT 'outside' AS zone UNION ALL SELECT 'unknown' AS zone
),
placed AS (
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
),
sums AS (
  SELECT
    series, commune, departement, year_before, year_after, zone,
    SUM(CASE WHEN final_after = true THEN area_half_cm2 ELSE 0 END) AS gained,
    SUM(CASE WHEN final_after = false THEN area_half_cm2 ELSE 0 END) AS lost
  FROM placed
  GROUP BY series, commune, departement, year_before, year_after, zone
)
SELECT
  p.series, p.commune, p.departement, p.year_before, p.year_after, z.zone,
  COALESCE(s.gained, 0) AS artificialised_half_cm2,
  COALESCE(s.lost, 0) AS desartificialised_half_cm2,
  COALESCE(s.gained, 0) - COALESCE(s.lost, 0) AS net_half_cm2
FROM commune_periods AS p
CROSS JOIN zones AS z
LEFT JOIN sums AS s
  ON s.series = p.series AND s.commune = p.commune AND s.departement = p.departement
  AND s.year_before = p.year_before AND s.year_after = p.year_after AND s.zone = z.zone
ORDER BY p.series, p.departement, p.commune, p.year_before, p.year_after, z.zone
