-- titre: Nos stocks à côté de ceux que publie le ministère
-- title: Our stocks beside those that the ministry publishes
-- définition: pour chaque millésime que la table du ministère ([ministry]) donne aussi : sol artificialisé ici, chez
--   lui, et l'écart (ici − ministère) ; surface de la commune des deux côtés : où elle n'est pas la même, la limite
--   a été redessinée, et l'écart en vient en partie. Un ensemble dont une commune manque à la table n'y est pas.
-- definition: for every vintage that the ministry's table ([ministry]) has too: artificialised ground here, there, and
--   the gap (ours − ministry); the area of the commune on both sides: where it is not the same, the boundary was
--   drawn anew, and the gap is partly of that. A whole of which the table lacks a commune is not in it.
-- source: la table du ministère (artif_commune) ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: ministry
-- unit: m²
-- columns: series, commune, name, departement, year, artificial_m2, ministry_m2, gap_m2, area_m2,
--   ministry_area_m2, area_gap_m2
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS area,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial
  FROM stock
  GROUP BY series, commune, departement, year
)
SELECT
  v.series, v.commune, v.name, v.departement, v.year,
  s.artificial AS artificial_half_cm2,
  m.ministry_half_cm2,
  s.artificial - m.ministry_half_cm2 AS gap_half_cm2,
  s.area AS area_half_cm2,
  CASE WHEN m.known_areas = m.communes THEN m.area_half_cm2 END AS ministry_area_half_cm2,
  CASE WHEN m.known_areas = m.communes THEN s.area - m.area_half_cm2 END AS area_gap_half_cm2
FROM commune_vintages AS v
JOIN sums AS s
  ON s.series = v.series AND s.commune = v.commune AND s.departement = v.departement
  AND s.year = v.year
JOIN ministry AS m
  ON m.commune = v.commune AND m.departement = v.departement AND m.year = v.year
JOIN communes AS c ON c.commune = v.commune AND c.departement = v.departement
WHERE m.communes = c.communes
ORDER BY v.series, v.departement, v.commune, v.year
