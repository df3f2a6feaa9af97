-- titre: Terrain couvert par chaque millésime
-- title: Ground covered by each vintage
-- définition: surface officielle, quand elle est donnée ([communes] area), à côté de celle du polygone ;
--   terrain que le millésime couvre, terrain dont la couverture, l'usage ou le statut
--   n'est pas connu, et terrain dont l'ensemble touche le bord des données, de sorte que les
--   seuils ne lui sont pas appliqués.
-- definition: the official area, where it is given ([communes] area), beside that of the polygon; ground
--   that the vintage covers, ground of which cover, use or status is not
--   known, and ground whose patch touches the edge of the data, so that the thresholds were not
--   put to it.
-- source: OCS GE, its codes; the measures are ours
-- subject: OCS GE
-- unit: m², part de 0 à 1
-- columns: series, commune, name, departement, year, official_area_m2, area_m2, covered_m2, covered_share,
--   unknown_cover_m2, unknown_use_m2, unknown_status_m2, edge_m2
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS area,
    SUM(CASE WHEN cs IS NOT NULL THEN area_half_cm2 ELSE 0 END) AS covered,
    SUM(CASE WHEN cs IS NOT NULL AND cover_known = false THEN area_half_cm2 ELSE 0 END) AS no_cover,
    SUM(CASE WHEN cs IS NOT NULL AND use_known = false THEN area_half_cm2 ELSE 0 END) AS no_use,
    SUM(CASE WHEN cs IS NOT NULL AND final IS NULL THEN area_half_cm2 ELSE 0 END) AS no_status,
    SUM(CASE WHEN edge = true THEN area_half_cm2 ELSE 0 END) AS at_edge
  FROM stock
  GROUP BY series, commune, departement, year
)
SELECT
  v.series, v.commune, v.name, v.departement, v.year,
  CASE WHEN c.official_known = c.communes THEN c.official_half_cm2 END AS official_area_half_cm2,
  COALESCE(s.area, 0) AS area_half_cm2,
  COALESCE(s.covered, 0) AS covered_half_cm2,
  CASE WHEN s.area > 0 THEN CAST(s.covered AS DOUBLE) / CAST(s.area AS DOUBLE) END AS covered_share,
  COALESCE(s.no_cover, 0) AS unknown_cover_half_cm2,
  COALESCE(s.no_use, 0) AS unknown_use_half_cm2,
  COALESCE(s.no_status, 0) AS unknown_status_half_cm2,
  COALESCE(s.at_edge, 0) AS edge_half_cm2
FROM commune_vintages AS v
LEFT JOIN sums AS s
  ON s.series = v.series AND s.commune = v.commune AND s.departement = v.departement
  AND s.year = v.year
LEFT JOIN communes AS c ON c.commune = v.commune AND c.departement = v.departement
ORDER BY v.series, v.departement, v.commune, v.year
